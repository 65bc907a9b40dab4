import { missingPaths } from './documents.js'
import {
  type Layers,
  MAX_FILES,
  MAX_FUNCTION_LINES,
  MAX_IMPORTS,
  MAX_LINES,
  MAX_SHORT_FILES,
  SDK_LAYERS,
  SDK_PEERS,
  SERVER_LAYERS,
  SERVER_PACKAGES,
  SHORT_FILE_LINES,
  TEST_FOLDERS,
  TOP_LEVEL,
} from './folders.js'
import { functionsOf } from './functions.js'
import { importsOf, isCode, isRelative, packageOf, resolveImport, type SourceFile } from './imports.js'

/** A rule gives a sentence for each place that breaks it; none where all is well. */
export type Rule = (files: SourceFile[]) => string[]

const SERVER = 'server/src/'
const SDK = 'client-sdk/src/'
const PROTOCOL = 'client-sdk/src/protocol.ts'

const codeUnder = (files: SourceFile[], folder: string) =>
  files.filter((file) => file.path.startsWith(folder) && isCode(file))

const importsUnder = (files: SourceFile[], folder: string) =>
  codeUnder(files, folder).flatMap((file) => importsOf(file).map((name) => ({ file, name })))

/** Whether `path` is in the list, itself or by a folder of it. */
const listed = (path: string, entries: string[]) =>
  entries.some((entry) => (entry.endsWith('/') ? path.startsWith(entry) : path === entry))

const sdkImportsOnlyItself: Rule = (files) =>
  importsUnder(files, SDK)
    .filter(({ file, name }) => file.path !== `${SDK}${SDK_PEERS[name]}`)
    .filter(({ file, name }) => !isRelative(name) || !resolveImport(file, name).startsWith(SDK))
    .map(({ file, name }) => `${file.path} imports '${name}': the SDK depends on nothing but its own files`)

const protocolImportsNothing: Rule = (files) =>
  importsUnder(files, PROTOCOL).map(({ name }) => `${PROTOCOL} imports '${name}': it must import nothing`)

const serverTakesOnlyTheProtocolFromTheSdk: Rule = (files) =>
  importsUnder(files, SERVER)
    .filter(({ file, name }) =>
      isRelative(name)
        ? !resolveImport(file, name).startsWith(SERVER)
        : packageOf(name) === 'zoogate-client' && name !== 'zoogate-client/protocol',
    )
    .map(({ file, name }) => `${file.path} imports '${name}': take wire types from 'zoogate-client/protocol'`)

const serverImportsPackagesWhereListed: Rule = (files) =>
  importsUnder(files, SERVER)
    .filter(
      ({ name }) => !isRelative(name) && !name.startsWith('node:') && packageOf(name) !== 'zoogate-client',
    )
    .filter(
      ({ file, name }) => !listed(file.path.slice(SERVER.length), SERVER_PACKAGES[packageOf(name)] ?? []),
    )
    .map(
      ({ file, name }) =>
        `${file.path} imports '${name}', which belongs to ${SERVER_PACKAGES[packageOf(name)]?.join(', ') ?? 'no file'}` +
        ' (SERVER_PACKAGES in test/architecture/folders.ts)',
    )

/** 0 for an entry point, then the folders from top to bottom; -1 for a file that has no layer. */
function layerOf(path: string, { root, entries, folders }: Layers): number {
  const inside = path.slice(root.length)
  if (!inside.includes('/')) return entries.includes(inside) ? 0 : -1
  const at = folders.indexOf(inside.split('/', 1)[0] as string)
  return at === -1 ? -1 : at + 1
}

const layerName = (layer: number, { folders }: Layers) => folders[layer - 1] ?? 'entry points'

const filesHaveALayer =
  (layers: Layers): Rule =>
  (files) =>
    codeUnder(files, layers.root)
      .filter(({ path }) => layerOf(path, layers) === -1)
      .map(({ path }) => `${path} has no layer: add it to test/architecture/folders.ts`)

const importsGoDown =
  (layers: Layers): Rule =>
  (files) =>
    importsUnder(files, layers.root)
      .filter(({ name }) => isRelative(name))
      .map(({ file, name }) => ({ from: file.path, to: resolveImport(file, name) }))
      .map(({ from, to }) => ({ from, to, above: layerOf(from, layers), below: layerOf(to, layers) }))
      // The wire types import nothing, and every layer may use them.
      .filter(({ to }) => to !== PROTOCOL)
      .filter(({ above, below }) => above !== -1 && below !== -1 && below < above)
      .map(
        ({ from, to, above, below }) =>
          `${from} (${layerName(above, layers)}) imports ${to} (${layerName(below, layers)}),` +
          ' which is above it: imports point down',
      )

const foldersAreSmall: Rule = (files) => {
  const counts = new Map<string, number>()
  for (const { path } of files.filter(isCode)) {
    const folder = path.slice(0, path.lastIndexOf('/') + 1)
    counts.set(folder, (counts.get(folder) ?? 0) + 1)
  }
  return [...counts]
    .filter(([, count]) => count > MAX_FILES)
    .map(([folder, count]) => `${folder} holds ${count} files: split it before it passes ${MAX_FILES}`)
}

const examplesImportPackagesByName: Rule = (files) =>
  importsUnder(files, 'examples/')
    .filter(({ file, name }) => isRelative(name) && !resolveImport(file, name).startsWith(exampleOf(file)))
    .map(({ file, name }) => `${file.path} imports '${name}': an example takes the packages by their names`)

const exampleOf = ({ path }: SourceFile) => `${path.split('/').slice(0, 2).join('/')}/`

const importsHaveNoCycle: Rule = (files) => {
  const code = files.filter(isCode)
  const known = new Set(code.map(({ path }) => path))
  const targets = (file: SourceFile) =>
    importsOf(file)
      .filter(isRelative)
      .map((name) => resolveImport(file, name))
      .filter((path) => known.has(path))
  return findCycles(new Map(code.map((file) => [file.path, targets(file)])))
}

/** Walks the graph depth first; an edge back to a file on the way here closes a cycle. */
function findCycles(graph: Map<string, string[]>): string[] {
  const done = new Set<string>()
  const cycles: string[] = []
  const walk = (path: string, way: string[]) => {
    const start = way.indexOf(path)
    if (start !== -1) cycles.push(`${[...way.slice(start), path].join(' → ')}: imports go round in a circle`)
    if (start !== -1 || done.has(path)) return
    for (const next of graph.get(path) ?? []) walk(next, [...way, path])
    done.add(path)
  }
  for (const path of graph.keys()) walk(path, [])
  return cycles
}

const linesOf = ({ text }: SourceFile) => text.trimEnd().split('\n').length

const filesAreShort: Rule = (files) =>
  files
    .filter(({ path }) => /\.(?:[cm]?[jt]sx?|css|html|py|sh)$/.test(path))
    .map((file) => ({ path: file.path, lines: linesOf(file) }))
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ path, lines }) => `${path} has ${lines} lines: split it before it passes ${MAX_LINES}`)

const functionsAreShort: Rule = (files) =>
  Object.entries(MAX_FUNCTION_LINES).flatMap(([folder, max]) =>
    codeUnder(files, folder).flatMap((file) =>
      functionsOf(file)
        .filter(({ lines }) => lines > max)
        .map(
          ({ line, lines }) => `${file.path}:${line} is a function of ${lines} lines: split it below ${max}`,
        ),
    ),
  )

const serverFilesImportFewOthers: Rule = (files) =>
  codeUnder(files, SERVER)
    .map((file) => ({ path: file.path, count: importsOf(file).length }))
    .filter(({ count }) => count > MAX_IMPORTS)
    .map(
      ({ path, count }) => `${path} imports ${count} files and packages: split it below ${MAX_IMPORTS + 1}`,
    )

const shortServerFilesAreShared: Rule = (files) => {
  const code = codeUnder(files, SERVER)
  const targets = code.flatMap((file) => [
    ...new Set(
      importsOf(file)
        .filter(isRelative)
        .map((name) => resolveImport(file, name)),
    ),
  ])
  const lone = code
    .filter((file) => linesOf(file) < SHORT_FILE_LINES)
    .map(({ path }) => path)
    .filter((path) => targets.filter((target) => target === path).length === 1)
  return lone.length > MAX_SHORT_FILES
    ? [
        `more than ${MAX_SHORT_FILES} short files have one importer each, into which they may belong: ${lone.join(', ')}`,
      ]
    : []
}

const filesAreNouns: Rule = (files) =>
  files
    .filter(({ path }) =>
      path
        .split('/')
        .some((part) => /(?:^|[-_.])(?:utils?|helpers?|common|misc|manager)(?:\.|$)/i.test(part)),
    )
    .map(({ path }) => `${path}: name it for what it holds, not utils, helpers, common, misc or manager`)

const topLevelIsKnown: Rule = (files) =>
  [...new Set(files.map(({ path }) => path.split('/', 1)[0] as string))]
    .filter((name) => !TOP_LEVEL.includes(name))
    .map(
      (name) =>
        `${name} stands at the top of the repository, where test/architecture/folders.ts does not list it`,
    )

const sdkHasNoDependencies: Rule = (files) => {
  const file = files.find(({ path }) => path === 'client-sdk/package.json')
  if (file === undefined) return ['client-sdk/package.json is missing']
  const manifest = JSON.parse(file.text) as Record<string, Record<string, unknown> | undefined>
  const isOptional = (name: string) =>
    JSON.stringify(manifest.peerDependenciesMeta?.[name]) === '{"optional":true}'
  const peers = Object.keys(manifest.peerDependencies ?? {})
  return ['dependencies', 'optionalDependencies']
    .flatMap((kind) => Object.keys(manifest[kind] ?? {}))
    .concat(peers.filter((name) => !isOptional(name)))
    .map((name) => `client-sdk/package.json depends on ${name}: the SDK has no dependency`)
}

const SKIPS = /\b(?:describe|it|test|suite)\.(?:skip|skipIf|runIf|todo|only)\b/

/** Skipping goes through one place, which the end of a run reports. */
const testsAreNotSkipped: Rule = (files) =>
  codeUnder(files, 'test/')
    .filter(({ path, text }) => path !== 'test/tools/requirements.ts' && SKIPS.test(text))
    .map(
      ({ path }) =>
        `${path} skips tests: say with describeWith() of test/tools/requirements.ts what they need`,
    )

/** Vitest says nothing of a test file that no project includes. */
const testsBelongToAProject: Rule = (files) => {
  const folders = Object.values(TEST_FOLDERS).flat()
  return files
    .filter(({ path }) => /\.test\.tsx?$/.test(path) && !path.endsWith('.long.test.ts'))
    .filter(({ path }) => !folders.some((folder) => path.startsWith(`test/${folder}/`)))
    .map(({ path }) => `${path} is run by no project: move it, or add its folder to TEST_FOLDERS`)
}

export const RULES = {
  sdkImportsOnlyItself,
  protocolImportsNothing,
  serverTakesOnlyTheProtocolFromTheSdk,
  serverImportsPackagesWhereListed,
  serverFilesHaveALayer: filesHaveALayer(SERVER_LAYERS),
  serverImportsGoDown: importsGoDown(SERVER_LAYERS),
  sdkFilesHaveALayer: filesHaveALayer(SDK_LAYERS),
  sdkImportsGoDown: importsGoDown(SDK_LAYERS),
  foldersAreSmall,
  examplesImportPackagesByName,
  importsHaveNoCycle,
  filesAreShort,
  functionsAreShort,
  serverFilesImportFewOthers,
  shortServerFilesAreShared,
  guidesNameWhatExists: missingPaths,
  filesAreNouns,
  topLevelIsKnown,
  sdkHasNoDependencies,
  testsAreNotSkipped,
  testsBelongToAProject,
} satisfies Record<string, Rule>

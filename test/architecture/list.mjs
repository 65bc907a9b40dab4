// `node test/architecture/list.mjs test/zookeeper`: test titles that are no sentences, and words of riddles, below a folder.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'zoogate-list-'))
const outfile = join(folder, 'rules.mjs')
const here = fileURLToPath(new URL('.', import.meta.url))
const contents = "export * from './titles.js'; export * from './words.js'"
await build({
  stdin: { contents, resolveDir: here, loader: 'ts' },
  bundle: true,
  format: 'esm',
  platform: 'node',
  outfile,
})
const { titleFaults, linesWith, WORD_BUDGET } = await import(pathToFileURL(outfile).href)
rmSync(folder, { recursive: true })

const under = process.argv.slice(2)
const listing = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
const files = listing
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)))
  .filter((path) => under.length === 0 || under.some((one) => path.startsWith(one)))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
const titles = titleFaults(files)
const words = Object.keys(WORD_BUDGET).map((word) => ({ word, lines: linesWith(word, files) }))
console.log(titles.join('\n'))
for (const { word, lines } of words) for (const line of lines) console.log(`"${word}" ${line}`)
console.log(`${titles.length} titles;`, words.map(({ word, lines }) => `${word} ${lines.length}`).join(', '))

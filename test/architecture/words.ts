import type { SourceFile } from './imports.js'

/**
 * Words that make a riddle of a sentence whose subject has a name: a page, a session, a server. Each may stand in the
 * repository this often: as data of a test, or where another word is worse. Do not raise a number; name the subject.
 */
export const WORD_BUDGET: Record<string, number> = {
  who: 1,
  whoever: 0,
  'what is': 2,
  those: 1,
  somebody: 2,
  someone: 1,
  nobody: 2,
  everybody: 0,
  anybody: 0,
  'so many': 0,
  'as much as': 0,
}

const PROSE =
  /^(?:(?:server\/src|client-sdk\/src|examples|test)\/.*\.(?:[cm]?[jt]sx?|html|css|py|json)|.*\.md)$/
/** They list the words. */
const LISTS = ['test/architecture/words.ts', 'test/architecture/sentences.ts']

/** Every line that holds the word, as `path:line: text`. */
export function linesWith(word: string, files: SourceFile[]): string[] {
  const pattern = new RegExp(`\\b${word.replaceAll(' ', '\\s+')}\\b`, 'i')
  return files
    .filter(({ path }) => PROSE.test(path) && !LISTS.includes(path))
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, at) => (pattern.test(line) ? [`${path}:${at + 1}: ${line.trim()}`] : [])),
    )
}

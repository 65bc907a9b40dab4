import { AUXILIARIES, NOUNS_TOO, PLAIN, THIRD_PERSON } from './verbs.js'

const words = (text: string) => new Set(text.trim().split(/\s+/))

/** Begin a clause whose verb is not that of the sentence. "after" and its like are left out: they may stand before a noun. */
const SUBORDINATING = words(`
  that when whenever where wherever while if because unless once though although which who whose whom whoever what whatever
  why how whether`)

/** In front of a noun: what follows one of these is no verb. */
const BEFORE_NOUN = words(`
  a an the this these its their his her our your no of in on at by for from with without to into per between under over
  about against among through behind beside beyond and or two three four five both many more most`)

/** Behind a noun, not behind a verb that wants an object. */
const AFTER_NOUN = words('of in on at by from with without per between under beside')

/** A title that begins with one of these begins in the middle of a sentence, or before its subject. */
const BAD_BEGINNINGS = words(`
  that when whenever where while until till if because before after as unless once since than though which who whose
  whoever of in on at by for from with without to into between under over against through behind beside beyond and or but`)

/** In front of a subject of one word: "a session ends". */
const ARTICLES = words('a an the its this each every no')

const PLURAL_SUBJECTS = words(
  'both all they many most few others two three people children data you $ each either none some',
)

/** May stand between subject and verb, or before the verb at the beginning. */
const ADVERBS = words(
  'never always also only still not even then just again already first soon neither either both',
)

/**
 * What is wrong with the title of a test; null where it is a sentence. Its verb is found by its form (verbs.ts): the
 * first word, or a later word that is in no subordinate clause.
 */
export function faultOf(title: string, group: string | null): string | null {
  const sentence = title.toLowerCase().match(/[$\w'’-]+|[,:;.()]/g) ?? []
  const start = sentence.findIndex((word) => !ADVERBS.has(word))
  const first = sentence[start]
  const second = sentence[start + 1] ?? ''
  const isNoun = NOUNS_TOO.has(first ?? '') && (second === 'of' || PLAIN.has(second))
  if (isVerb(first) && !isNoun) return faultOfSubject(group)
  if (BAD_BEGINNINGS.has(first ?? '')) return `begins with "${first}" instead of its subject or verb`
  return hasMainVerb(sentence) ? null : 'has no verb'
}

/** A title that begins with its verb has the title of its group as its subject. */
function faultOfSubject(group: string | null): string | null {
  if (group === null) return 'has no subject, and stands in no group that names it'
  const [first = ''] = group.toLowerCase().split(/\s+/)
  return BAD_BEGINNINGS.has(first) ? `has no subject: "${group}" is none` : null
}

const isPlural = (word: string) => /[^s]s$/.test(word) || PLURAL_SUBJECTS.has(word)

const isVerb = (word: string | undefined) => word !== undefined && (PLAIN.has(word) || THIRD_PERSON.has(word))

function hasMainVerb(sentence: string[]): boolean {
  let clauses = 0
  for (const [at, word] of sentence.entries()) {
    if (/^[,:;.]$/.test(word)) clauses = 0
    else if (SUBORDINATING.has(word)) clauses += 1
    else if (isFiniteVerb(sentence, at)) {
      if (clauses === 0) return true
      clauses -= 1
    }
  }
  return false
}

/** Whether the word there is a verb with a subject before it. */
function isFiniteVerb(sentence: string[], at: number): boolean {
  const [word, before, next] = [sentence[at] as string, subjectBefore(sentence, at), sentence[at + 1]]
  if (AUXILIARIES.has(word)) return true
  if (before === undefined || BEFORE_NOUN.has(before)) return false
  if (THIRD_PERSON.has(word)) {
    const hasObject = next !== undefined && !AFTER_NOUN.has(next) && !isVerb(next)
    return !NOUNS_TOO.has(word) || hasObject || ARTICLES.has(sentence[at - 2] ?? '')
  }
  return PLAIN.has(word) && sentence.slice(0, at).some(isPlural)
}

function subjectBefore(sentence: string[], at: number): string | undefined {
  const before = sentence[at - 1]
  return before !== undefined && ADVERBS.has(before) && at > 1 ? subjectBefore(sentence, at - 1) : before
}

// Sentences for people may be worded anew without a test that fails. What programs go by is shorter than a sentence: codes,
// settings, claims, schemes, operations, and the texts that keys are derived with are all mutated.

const WORDS_OF_A_SENTENCE = 4

/** A plugin of Stryker. */
export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'prose',
    value: {
      shouldIgnore({ node }) {
        const isProse = node.type === 'StringLiteral' && node.value.split(' ').length >= WORDS_OF_A_SENTENCE
        return isProse ? 'a sentence for people' : undefined
      },
    },
  },
]

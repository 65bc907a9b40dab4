// Sentences for people may change without a failing test. The texts that programs read are shorter: codes, settings, claims,
// schemes, operations, and the texts that keys are derived with are all mutated.

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

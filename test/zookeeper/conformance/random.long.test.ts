import { describeRandomOperations } from '../../tools/conformance/random-comparison.js'

// The seeds from 4 to 20; random.test.ts has the first three.
describeRandomOperations(Array.from({ length: 17 }, (_, at) => at + 4))

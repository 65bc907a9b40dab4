import { describeRandomOperations } from '../../tools/conformance/random-comparison.js'

describeRandomOperations([1, 2, 3])

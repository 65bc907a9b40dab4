import { createProgram } from './cli/program.js'
import { ConfigError } from './config/options.js'

createProgram()
  .parseAsync()
  .catch((error: unknown) => {
    // A wrong setting is the operator's to mend and needs no stack; anything else is ours.
    if (error instanceof ConfigError)
      console.error(`zoogate: ${error.message.replaceAll('\n', '\nzoogate: ')}`)
    else console.error(error)
    process.exitCode = 1
  })

import { createProgram } from './cli/program.js'
import { ConfigError } from './config/options.js'

createProgram()
  .parseAsync()
  .catch((error: unknown) => {
    // The operator can mend a wrong setting without a stack trace. Any other error is a fault of zoogate.
    if (error instanceof ConfigError)
      console.error(`zoogate: ${error.message.replaceAll('\n', '\nzoogate: ')}`)
    else console.error(error)
    process.exitCode = 1
  })

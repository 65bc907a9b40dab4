#!/usr/bin/env node
// The `zoogate` command. It is committed, because npm links commands at install time, before a build exists.
import { existsSync } from 'node:fs'

const program = new URL('../dist/main.js', import.meta.url)

if (existsSync(program)) await import(program)
else {
  console.error('zoogate is not built yet: run `npm run build` first.')
  process.exitCode = 1
}

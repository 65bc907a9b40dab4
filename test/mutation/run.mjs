// `npm run mutate -- access limits`: which changes to the sources of these groups does no test notice? All without a name.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const groups = Object.keys(JSON.parse(readFileSync(new URL('./subjects.json', import.meta.url), 'utf8')))
const asked = process.argv.slice(2)
if (asked.some((name) => !groups.includes(name))) {
  console.error(`usage: npm run mutate -- [${groups.join(' | ')}]...`)
  process.exit(2)
}
const stryker = ['stryker', 'run', 'test/mutation/stryker.config.mjs']
const statuses = (asked.length > 0 ? asked : groups).map((group) => {
  console.log(`\n=== ${group} ===`)
  return spawnSync('npx', stryker, { stdio: 'inherit', env: { ...process.env, ZOOGATE_SUBJECTS: group } })
    .status
})
process.exit(statuses.every((status) => status === 0) ? 0 : 1)

import { readFileSync } from 'node:fs'
import { now } from '../chaos/record.js'
import type { RealEnsemble } from '../tools/zookeeper/real-ensemble.js'

/** Linux counts the CPU time of processes in hundredths of a second, whatever its own clock (USER_HZ). */
const MS_PER_TICK = 10

/** Counters at one moment; they only grow. */
export interface Load {
  /** `now()` */
  at: number
  brokerCpuMs: number
  ensembleCpuMs: number
  viewersCpuMs: number
  packets: number
}

export interface LoadedProcesses {
  ensemble: RealEnsemble
  /** null: no such process. */
  brokerPid: number | null
  viewersPid: number
}

export async function readLoad({ ensemble, brokerPid, viewersPid }: LoadedProcesses): Promise<Load> {
  const server = ensemble.servers[0]?.pid
  if (typeof server !== 'number') throw new Error('the ensemble has no running server')
  const words = await readMonitor(ensemble)
  return {
    at: now(),
    brokerCpuMs: brokerPid === null ? 0 : cpuMs(brokerPid),
    ensembleCpuMs: cpuMs(server),
    viewersCpuMs: cpuMs(viewersPid),
    packets: words('zk_packets_received') + words('zk_packets_sent'),
  }
}

export async function readWatches(ensemble: RealEnsemble): Promise<number> {
  return (await readMonitor(ensemble))('zk_watch_count')
}

/** The difference of two moments, less the idle load of the same time. */
export function loadBeyondIdle(from: Load, to: Load, idle: { from: Load; to: Load }): Omit<Load, 'at'> {
  const times = (to.at - from.at) / (idle.to.at - idle.from.at)
  const beyond = (of: keyof Omit<Load, 'at'>) => to[of] - from[of] - times * (idle.to[of] - idle.from[of])
  return {
    brokerCpuMs: beyond('brokerCpuMs'),
    ensembleCpuMs: beyond('ensembleCpuMs'),
    viewersCpuMs: beyond('viewersCpuMs'),
    packets: beyond('packets'),
  }
}

/** Milliseconds that a process has computed, in all its threads and in the kernel. */
function cpuMs(pid: number): number {
  const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The command's name, in brackets, may hold brackets and spaces itself; user and system time are fields 14 and 15.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK
}

/** Gives the numbers of `mntr` by their names. */
async function readMonitor(ensemble: RealEnsemble): Promise<(name: string) => number> {
  const answer = await ensemble.ask(0, 'mntr', { timeoutMs: 10_000 })
  return (name) => {
    const found = new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(answer)
    if (found === null) throw new Error(`mntr does not tell ${name}:\n${answer}`)
    return Number(found[1])
  }
}

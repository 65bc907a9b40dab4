import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { findZooKeeper } from './zookeeper/find-zookeeper.js'

/** Debian's own Python: python3-kazoo is installed for no other. */
export const PYTHON = '/usr/bin/python3'

export const CHROMIUM = '/usr/bin/chromium'

/** A program that some tests need and `npm ci` does not install. */
export type Requirement = 'zookeeper' | 'kazoo' | 'chromium'

interface Installation {
  /** As a person calls it. */
  name: string
  /** The Debian package that installs it. */
  aptPackage: string
  isInstalled(): boolean
}

export const REQUIREMENTS: Record<Requirement, Installation> = {
  zookeeper: {
    name: 'Apache ZooKeeper and Java',
    aptPackage: 'zookeeper',
    isInstalled: () => findZooKeeper() !== null,
  },
  kazoo: {
    name: `kazoo for ${PYTHON}`,
    aptPackage: 'python3-kazoo',
    isInstalled: () => spawnSync(PYTHON, ['-c', 'import kazoo']).status === 0,
  },
  chromium: {
    name: 'Chromium',
    aptPackage: 'chromium',
    isInstalled: () => existsSync(CHROMIUM),
  },
}

/** Which of these are not on this machine. */
export function missing(wanted = Object.keys(REQUIREMENTS) as Requirement[]): Requirement[] {
  return wanted.filter((one) => !REQUIREMENTS[one].isInstalled())
}

/** The exact line that installs them. */
export function howToInstall(wanted: Requirement[]): string {
  return `apt-get install -y ${wanted.map((one) => REQUIREMENTS[one].aptPackage).join(' ')}`
}

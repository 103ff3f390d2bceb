/** The machine that the numbers come from, described so that they can be read elsewhere. */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { availableParallelism, cpus, release, tmpdir, totalmem, type } from 'node:os'
import { delimiter, join } from 'node:path'
import { percentile } from './measure.ts'

export interface Machine {
  readonly cores: number
  readonly model: string
  readonly memoryGigabytes: number
  readonly kernel: string
  readonly node: string
  readonly sqlite: string
  /** Appends of 200 bytes, each followed by fdatasync: what no durable single write goes below. */
  readonly syncMedianMs: number
  readonly syncsPerSecond: number
}

/** The command that keeps a process on a core. */
export const PINNING = 'taskset'

const SYNCS = 1000

/** Measures the disk under the system's temporary folder, where the benches keep their files. */
export function describeMachine(): Machine {
  const syncs = timeSyncs()
  return {
    cores: availableParallelism(),
    model: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
    node: process.version,
    sqlite: process.versions['sqlite'] ?? 'none',
    syncMedianMs: percentile(syncs, 50),
    syncsPerSecond: 1000 / (syncs.reduce((sum, ms) => sum + ms, 0) / syncs.length),
  }
}

export function machineText(machine: Machine): string {
  const { cores, model, memoryGigabytes, kernel, node, sqlite } = machine
  const sync = `${machine.syncMedianMs.toFixed(2)} ms (${Math.round(machine.syncsPerSecond)} a second)`
  return (
    `${cores} cores (${model}), ${memoryGigabytes} GiB, ${kernel}, Node ${node}, SQLite ${sqlite}; ` +
    `append 200 B + fdatasync: ${sync}`
  )
}

/** True where processes can be given a core of their own, with `taskset` of util-linux. */
export function canPin(): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return availableParallelism() >= 2 && folders.some((folder) => existsSync(join(folder, PINNING)))
}

function timeSyncs(): readonly number[] {
  const folder = mkdtempSync(join(tmpdir(), 'outright-disk-'))
  const file = openSync(join(folder, 'log'), 'a')
  const line = Buffer.alloc(200, 'x')
  try {
    return Array.from({ length: SYNCS }, () => {
      const startedMs = performance.now()
      writeSync(file, line)
      fdatasyncSync(file)
      return performance.now() - startedMs
    })
  } finally {
    closeSync(file)
    rmSync(folder, { recursive: true })
  }
}

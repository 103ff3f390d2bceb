/** The thread that owns the connection that writes. Gets batches of commands, answers each once. */
import { parentPort, workerData } from 'node:worker_threads'
import { BatchRunner } from './batch.ts'
import type { Command } from '../commands.ts'
import type { Durability } from './connection.ts'

export interface WriterData {
  readonly path: string
  readonly durability: Durability
  readonly told: number | undefined
}

/** `close` ends the connection, with a last checkpoint; it is answered, too. */
export type WriterMessage = readonly Command[] | 'close'

/** After this long without a batch the write-ahead log is copied into the file. */
const IDLE_MS = 200

const { path, durability, told } = workerData as WriterData
const port = parentPort
if (port === null) throw new Error('writer-worker runs as a worker thread')
const runner = new BatchRunner(path, durability, told)

let idle: NodeJS.Timeout | undefined

port.on('message', (message: WriterMessage) => {
  clearTimeout(idle)
  if (message === 'close') {
    runner.close()
    port.postMessage('closed')
    return
  }
  port.postMessage(runner.run(message))
  idle = setTimeout(() => {
    runner.checkpoint()
  }, IDLE_MS)
})

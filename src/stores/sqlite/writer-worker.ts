/** The thread that owns the connection that writes. Gets batches of commands, answers each once. */
import { parentPort, workerData } from 'node:worker_threads'
import { BatchRunner, type RunnerOptions } from './batch.ts'
import type { FileCommand } from '../commands.ts'

/** `close` ends the connection, with a last checkpoint; it is answered, too. */
export type WriterMessage = readonly FileCommand[] | 'close'

/** After this long without a batch the write-ahead log is copied into the file. */
const IDLE_MS = 200

const port = parentPort
if (port === null) throw new Error('writer-worker runs as a worker thread')
const runner = new BatchRunner(workerData as RunnerOptions)

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

/** The thread that answers long questions, on a connection that can only read. */
import { parentPort, workerData } from 'node:worker_threads'
import { Refusal } from '../../domain/failure.ts'
import type { Answer, LongQueries } from '../commands.ts'
import { outsideFailure } from './connection.ts'
import { longReader } from './readers.ts'

/** A name of `LongQueries` and what goes in. */
export type ReaderMessage = readonly [keyof LongQueries, ...unknown[]]

const { path } = workerData as { path: string }
const port = parentPort
if (port === null) throw new Error('reader-worker runs as a worker thread')
const reader = longReader(path)

port.on('message', ([name, ...input]: ReaderMessage) => {
  port.postMessage(answer(name, input))
})

function answer(name: keyof LongQueries, input: readonly unknown[]): Answer {
  try {
    return { value: reader.read(name, ...(input as never)) }
  } catch (error) {
    if (error instanceof Refusal) return { failure: error.failure }
    const reason = outsideFailure(error)
    if (reason !== undefined) return { failure: { kind: 'store_unavailable', reason } }
    throw error
  }
}

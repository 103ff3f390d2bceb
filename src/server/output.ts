/**
 * Standard output and standard error of this process. It owns what happens when they cannot be
 * written: a full disk, a pipe whose reader has gone or is slow. Node's own streams end the process
 * for the first two and keep everything in memory for the third.
 */
import { fstatSync, writeSync } from 'node:fs'

export interface Output {
  /** Never throws. What cannot be written, or would be too much to hold, is lost and counted. */
  write(text: string): void
  /** Resolves when everything so far is written or lost. */
  drained(): Promise<void>
  /** How many calls of `write` were lost. */
  readonly lost: number
}

export interface OutputOptions {
  /** Bytes that may wait for a slow reader. Default: no bound, for commands that wait for `drained`. */
  readonly maxPendingBytes?: number
  /** The text that is written, before the next one, once writing works again. Default: none. */
  readonly describeLoss?: (lost: number, reason: string) => string
  /** Called at each failure with its code: `EPIPE`, `ENOSPC`. Not where a reader is only slow. */
  readonly onFailure?: (code: string) => void
}

type Stream = NodeJS.WriteStream & { readonly fd: number }

/** Opens `process.stdout` or `process.stderr`. Open each once. */
export function openOutput(stream: Stream, options: OutputOptions = {}): Output {
  const output = isPlainFile(stream)
    ? new FileOutput(stream.fd, options)
    : new StreamOutput(stream, options)
  return output
}

/** What every output does: counts what is lost, and says so when it can. */
abstract class CountingOutput implements Output {
  readonly #options: OutputOptions
  #lost = 0
  #unreported = 0
  #reason = ''

  constructor(options: OutputOptions) {
    this.#options = options
  }

  get lost(): number {
    return this.#lost
  }

  write(text: string): void {
    const { describeLoss } = this.#options
    if (this.#unreported > 0 && describeLoss !== undefined) {
      if (!this.tryWrite(describeLoss(this.#unreported, this.#reason))) {
        this.#lose(this.#reason)
        return
      }
      this.#unreported = 0
    }
    if (!this.tryWrite(text)) this.#lose(this.#reason)
  }

  abstract drained(): Promise<void>

  /** False where nothing, or not all, was written. */
  protected abstract tryWrite(text: string): boolean

  protected failed(code: string): void {
    this.#reason = code
    this.#options.onFailure?.(code)
  }

  /** Why the next `tryWrite` returns false, where no call has failed. */
  protected delayed(): void {
    this.#reason = 'the reader is too slow'
  }

  #lose(reason: string): void {
    this.#lost++
    this.#unreported++
    this.#reason = reason
  }
}

/**
 * A file, `/dev/null`, `/dev/full`: a write does not block on a reader, and may work again later.
 */
class FileOutput extends CountingOutput {
  readonly #fd: number
  #isMidLine = false

  constructor(fd: number, options: OutputOptions) {
    super(options)
    this.#fd = fd
  }

  drained(): Promise<void> {
    return Promise.resolve()
  }

  protected tryWrite(text: string): boolean {
    let left = Buffer.from(this.#isMidLine ? `\n${text}` : text)
    try {
      while (left.length > 0) {
        const written = writeSync(this.#fd, left)
        this.#isMidLine = true
        left = left.subarray(written)
      }
      this.#isMidLine = false
      return true
    } catch (error) {
      this.failed((error as NodeJS.ErrnoException).code ?? 'unknown')
      return false
    }
  }
}

/** A pipe, a socket or a terminal: the reader may be slow, and does not come back once it has gone. */
class StreamOutput extends CountingOutput {
  readonly #stream: Stream
  readonly #maxPendingBytes: number
  #isBroken = false

  constructor(stream: Stream, options: OutputOptions) {
    super(options)
    this.#stream = stream
    this.#maxPendingBytes = options.maxPendingBytes ?? Number.POSITIVE_INFINITY
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#isBroken) return
      this.#isBroken = true
      this.failed(error.code ?? 'unknown')
    })
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isBroken || this.#stream.writableLength === 0) {
        resolve()
        return
      }
      this.#stream.write('', () => {
        resolve()
      })
    })
  }

  protected tryWrite(text: string): boolean {
    if (this.#isBroken) return false
    if (this.#stream.writableLength + text.length > this.#maxPendingBytes) {
      this.delayed()
      return false
    }
    this.#stream.write(text)
    return true
  }
}

function isPlainFile({ fd, isTTY }: Stream): boolean {
  if (isTTY) return false
  try {
    const stats = fstatSync(fd)
    return stats.isFile() || stats.isCharacterDevice()
  } catch {
    return false
  }
}

/** Processes of a test: an identity provider, and guarded APIs. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export interface Child {
  readonly child: ChildProcess
  readonly lines: Interface
}

/** An API that checks a token all the time. */
export interface Api {
  readonly child: ChildProcess
  /** What its last check said, and when that began. */
  readonly last: () => { readonly at: bigint; readonly word: string }
}

export class Processes {
  readonly #children: ChildProcess[] = []

  start(url: URL, ...args: readonly string[]): Child {
    const program = fileURLToPath(url)
    const child = spawn(process.execPath, [...process.execArgv, program, ...args], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    this.#children.push(child)
    return { child, lines: createInterface({ input: child.stdout }) }
  }

  /** An API in a process of its own that follows a server, once it has checked for the first time. */
  async api(server: string, token: string): Promise<Api> {
    const program = new URL('../guard/guard-child.ts', import.meta.url)
    const { child, lines } = this.start(program, server, token)
    await nextLine(lines)
    let last = { at: 0n, word: '' }
    lines.on('line', (line) => {
      const [at = '0', word = ''] = line.split(' ')
      last = { at: BigInt(at), word }
    })
    return { child, last: () => last }
  }

  killAll(): void {
    for (const child of this.#children) child.kill('SIGKILL')
  }
}

export async function nextLine(lines: Interface): Promise<string> {
  const [line] = (await once(lines, 'line')) as [string]
  return line
}

export async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    assert.ok(tries < 12_000, 'it takes too long')
    await sleep(10)
  }
}

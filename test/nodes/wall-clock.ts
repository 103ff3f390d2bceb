/** Wall clocks of processes that a test sets wrong, and right again, by libfaketime. */
import { accessSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const LIBRARIES = '/usr/lib'

/** What a process is to be told of its wall clock by. Its monotonic clock goes on as it is. */
export class WallClock {
  readonly #file: string
  #isWrong = false
  /** When it was last set right, as the test's own monotonic clock says it. */
  #rightSinceMs = -Infinity

  /** @param file Where libfaketime reads what the clock says; in a folder of its own. */
  constructor(file: string) {
    this.#file = file
    this.#write(0)
  }

  /** For the environment of the process. */
  get environment(): Readonly<Record<string, string>> {
    return {
      LD_PRELOAD: findLibrary(),
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    }
  }

  /** Whether it was wrong at any time since then. */
  wasWrongSince(sinceMs: number): boolean {
    return this.#isWrong || this.#rightSinceMs >= sinceMs
  }

  setWrong(bySeconds: number): void {
    this.#isWrong = true
    this.#write(bySeconds)
  }

  setRight(): void {
    this.#write(0)
    this.#isWrong = false
    this.#rightSinceMs = performance.now()
  }

  /** At once: it is read whenever the time is asked for. */
  #write(bySeconds: number): void {
    writeFileSync(`${this.#file}.next`, `${bySeconds < 0 ? '' : '+'}${String(bySeconds)}\n`)
    renameSync(`${this.#file}.next`, this.#file)
  }
}

/** Debian keeps it in a folder that is named after the architecture. */
function findLibrary(): string {
  for (const folder of readdirSync(LIBRARIES)) {
    const path = join(LIBRARIES, folder, 'faketime', 'libfaketimeMT.so.1')
    try {
      accessSync(path)
      return path
    } catch {
      // Another architecture's, or no such folder at all.
    }
  }
  throw new Error('libfaketime is needed: apt-get install --no-install-recommends libfaketime')
}

/**
 * Real PostgreSQL servers for tests, benchmarks and demonstrations: a cluster in a temporary folder
 * that can be killed, restarted and followed by a standby, or a server that is given by its URL.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { appendFile, mkdtemp, open, readFile, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { freePort } from './free-port.ts'
import { giveAway, makeFiles, otherUser, runTool, tool, USER } from './postgres-programs.ts'

/** After a crash the files of every database are synced first, which takes a busy disk its time. */
const START_TIMEOUT_MS = 180_000
const CONNECT_TIMEOUT_MS = 60_000

export interface PostgresOptions {
  /** True: never a server from the environment, because the test will kill or restart it. */
  readonly own?: boolean
  /** Settings of postgresql.conf beside those that tests need. */
  readonly settings?: Readonly<Record<string, string>>
}

/** A database server with as many empty databases as a test asks for. */
export interface TestPostgres {
  /**
   * Makes a database, empty or as another one of this server that nothing is connected to; the URL
   * of it.
   */
  createDatabase(like?: string): Promise<string>
  /** Stops the server and removes its files; a server from the environment loses the databases only. */
  stop(): Promise<void>
}

/** A cluster of its own, which can be treated badly. */
export interface TestCluster extends TestPostgres {
  readonly host: string
  readonly port: number
  /** The processes of the server, to measure what else the machine does. */
  processIds(): readonly number[]
  /** The URL of a database of this server that was made on another one (a standby has them all). */
  urlOf(databaseUrl: string): string
  /** Ends every process of the server at once, as a crash does. Resolves when they are gone. */
  kill(): Promise<void>
  /** Starts it again, on the same port and files. Resolves when it takes connections. */
  restart(): Promise<void>
  /** Stops every process of the server where it is, until `thaw`: connections stay, nothing answers. */
  freeze(): void
  thaw(): void
  /**
   * Starts a standby of this server. Every commit here waits from now on until the standby has it
   * on its disk (`synchronous_standby_names`).
   */
  startStandby(): Promise<TestCluster>
  /** How many standbys every commit waits for now. */
  synchronousStandbys(): Promise<number>
  /** Makes a standby the primary. Resolves when it takes writes. */
  promote(): Promise<void>
}

/**
 * Starts PostgreSQL, or uses the server that `OUTRIGHT_TEST_DATABASE_URL` names.
 *
 * @throws {Error} Where there is neither.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<TestPostgres> {
  const given = process.env['OUTRIGHT_TEST_DATABASE_URL']
  return given === undefined || given === '' || options.own
    ? startCluster(options)
    : useServer(given)
}

/** Starts a cluster of its own in a temporary folder. */
export async function startCluster(options: PostgresOptions = {}): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'outright-pg-'))
  try {
    giveAway(folder)
    const data = join(folder, 'data')
    await makeFiles(data)
    const port = await freePort()
    await appendFile(join(data, 'postgresql.conf'), configuration(folder, port, options.settings))
    const cluster = new Cluster(folder, port)
    await cluster.restart()
    return cluster
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

function configuration(folder: string, port: number, settings: PostgresOptions['settings']) {
  const lines = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: folder,
    // What was answered has to survive a crash: nothing here is faster than in production.
    fsync: 'on',
    synchronous_commit: 'on',
    max_connections: '200',
    ...settings,
  }
  return Object.entries(lines)
    .map(([name, value]) => `${name} = '${value}'\n`)
    .join('')
}

class Cluster implements TestCluster {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly #folder: string
  #process: ChildProcess | undefined
  #databases = 0
  #watcher: ChildProcess | undefined
  readonly #killOnExit = (): void => {
    this.#signalAll('SIGKILL')
  }

  constructor(folder: string, port: number) {
    this.#folder = folder
    this.port = port
    process.once('exit', this.#killOnExit)
  }

  async createDatabase(like?: string): Promise<string> {
    const name = `test_${String(++this.#databases)}`
    await this.#ask('postgres', `CREATE DATABASE ${name}${asIn(like)}`)
    return this.#url(name)
  }

  urlOf(databaseUrl: string): string {
    const url = new URL(databaseUrl)
    url.host = `${this.host}:${String(this.port)}`
    return url.href
  }

  processIds(): readonly number[] {
    const { pid } = this.#process ?? {}
    return pid === undefined ? [] : [pid, ...childrenOf(pid)]
  }

  async restart(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS
    // Right after a crash the shared memory may still be in use; the server says so and ends.
    for (;;) {
      const log = await open(join(this.#folder, 'log'), 'a')
      const data = join(this.#folder, 'data')
      const stdio: ['ignore', number, number] = ['ignore', log.fd, log.fd]
      const child = spawn(tool('postgres'), ['-D', data], { stdio, ...otherUser(), cwd: '/' })
      await log.close()
      child.once('error', () => undefined)
      this.#process = child
      this.#watch(child)
      if (await this.#answers(child, deadline)) return
      if (performance.now() > deadline) {
        const said = await readFile(join(this.#folder, 'log'), 'utf8')
        throw new Error(`Cannot start PostgreSQL:\n${said.slice(-2000)}`)
      }
      await sleep(50)
    }
  }

  async kill(): Promise<void> {
    const child = this.#process
    if (child === undefined) return
    const gone = ended(child)
    this.#watcher?.kill('SIGKILL')
    this.#signalAll('SIGKILL')
    await gone
    this.#process = undefined
  }

  freeze(): void {
    // First the one that makes the others.
    this.#process?.kill('SIGSTOP')
    this.#signalAll('SIGSTOP')
  }

  thaw(): void {
    this.#signalAll('SIGCONT')
  }

  async stop(): Promise<void> {
    process.removeListener('exit', this.#killOnExit)
    this.#watcher?.kill('SIGKILL')
    const child = this.#process
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = ended(child)
      // SIGQUIT: at once, without a final checkpoint.
      child.kill('SIGQUIT')
      await gone
    }
    await rm(this.#folder, { recursive: true, force: true })
  }

  async startStandby(): Promise<TestCluster> {
    const folder = await mkdtemp(join(tmpdir(), 'outright-pg-'))
    giveAway(folder)
    const data = join(folder, 'data')
    const from = ['-h', this.host, '-p', String(this.port), '-U', USER]
    await runTool('pg_basebackup', [...from, '-D', data, '-R', '-X', 'stream', '-c', 'fast'])
    const port = await freePort()
    await appendFile(join(data, 'postgresql.conf'), configuration(folder, port, {}))
    const standby = new Cluster(folder, port)
    await standby.restart()
    // After the copy was taken, so that the standby waits for no other server once promoted.
    await this.#ask('postgres', `ALTER SYSTEM SET synchronous_standby_names = '*'`)
    await this.#ask('postgres', 'SELECT pg_reload_conf()')
    const deadline = performance.now() + START_TIMEOUT_MS
    while ((await this.synchronousStandbys()) === 0) {
      if (performance.now() > deadline) throw new Error('Cannot wait any longer for the standby')
      await sleep(20)
    }
    return standby
  }

  async synchronousStandbys(): Promise<number> {
    const rows = await this.#ask(
      'postgres',
      `SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'`,
    )
    return rows.length
  }

  async promote(): Promise<void> {
    await this.#ask('postgres', 'SELECT pg_promote(true, 30)')
    await this.#until('SELECT NOT pg_is_in_recovery() AS done')
  }

  #url(database: string): string {
    return `postgres://${USER}@${this.host}:${String(this.port)}/${database}`
  }

  async #ask(database: string, text: string): Promise<unknown[]> {
    return askOnce(this.#url(database), text)
  }

  async #until(question: string): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS
    for (;;) {
      const [row] = await this.#ask('postgres', question)
      if ((row as { done: boolean } | undefined)?.done) return
      if (performance.now() > deadline) throw new Error(`Cannot wait any longer for: ${question}`)
      await sleep(20)
    }
  }

  async #answers(child: ChildProcess, deadline: number): Promise<boolean> {
    while (performance.now() < deadline) {
      if (child.exitCode !== null || child.signalCode !== null) return false
      try {
        await this.#ask('postgres', 'SELECT 1')
        return true
      } catch {
        // Each question makes the server fork: a few of them do not hold its recovery up.
        await sleep(50)
      }
    }
    return false
  }

  /** A test that is killed cannot stop its server: its end of the pipe closes, and the shell does. */
  #watch({ pid }: ChildProcess): void {
    this.#watcher?.kill('SIGKILL')
    if (pid === undefined) return
    const program = 'read _; kill -QUIT "$0"; sleep 1; rm -rf "$1"'
    const args = ['-c', program, String(pid), this.#folder]
    const watcher = spawn('sh', args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    watcher.once('error', () => undefined)
    watcher.stdin.on('error', () => undefined)
    watcher.unref()
    ;(watcher.stdin as Socket).unref()
    this.#watcher = watcher
  }

  /** Backends have process groups of their own, so each is signalled by its id. */
  #signalAll(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    for (const id of this.processIds()) {
      try {
        process.kill(id, signal)
      } catch {
        // It has already ended by itself.
      }
    }
  }
}

async function useServer(url: string): Promise<TestPostgres> {
  const made: string[] = []
  return {
    async createDatabase(like) {
      const name = `outright_test_${String(process.pid)}_${crypto.randomUUID().slice(0, 8)}`
      await askOnce(url, `CREATE DATABASE ${name}${asIn(like)}`)
      made.push(name)
      const database = new URL(url)
      database.pathname = `/${name}`
      return database.href
    },
    async stop() {
      for (const name of made) await askOnce(url, `DROP DATABASE IF EXISTS ${name}`)
    },
  }
}

function asIn(like: string | undefined): string {
  return like === undefined ? '' : ` TEMPLATE ${new URL(like).pathname.slice(1)}`
}

async function askOnce(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>(text)
    return rows
  } finally {
    await client.end()
  }
}

function childrenOf(pid: number): number[] {
  try {
    const listed = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8')
    return listed.split(' ').filter(Boolean).map(Number)
  } catch {
    // Without /proc the backends end by themselves as soon as they notice.
    return []
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => {
      resolve()
    })
  })
}

/**
 * An application that knows nothing of tokens, a real proxy before it, and the server that is
 * asked.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../src/testing/free-port.ts'
import { call, startTestServer, type CallOptions, type Reply, type TestServer } from '../harness.ts'

export interface Stage {
  readonly server: TestServer
  /** Where the proxy listens. */
  readonly url: string
  /** Through the proxy. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>
  /** What reached the application, newest last. */
  readonly reached: { method: string; url: string; headers: IncomingHttpHeaders; body: string }[]
  login(): Promise<string>
  close(): Promise<void>
}

/**
 * Sets the stage with one of the example configurations, its ports replaced.
 *
 * @param example File in `examples/proxies`.
 * @param examplePort The port on which the example's proxy listens.
 * @param command Makes the proxy's command from the path of the configuration and a folder of its
 *   own.
 * @param asked Host and port that the proxy asks in place of the server, for as long as the example
 *   says. The server itself is asked for longer: a machine may be busy.
 */
export async function setStage(
  example: string,
  examplePort: number,
  command: (configuration: string, folder: string) => readonly [string, readonly string[]],
  asked?: string,
): Promise<Stage> {
  const server = await startTestServer({ config: { rateLimitFactor: 1_000_000 } })
  const reached: Stage['reached'] = []
  const application = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      reached.push({ method, url, headers, body: Buffer.concat(chunks).toString() })
      response.end('the application\n')
    })
  })
  application.on('upgrade', ({ method = '', url = '', headers }, socket) => {
    reached.push({ method, url, headers, body: '' })
    socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n')
  })
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
  const folder = await mkdtemp(join(tmpdir(), 'outright-proxy-'))
  await mkdir(join(folder, 'logs'))
  const proxyPort = await freePort()
  const ports = {
    '127.0.0.1:8080': asked ?? new URL(server.url).host,
    '127.0.0.1:9000': `127.0.0.1:${String((application.address() as AddressInfo).port)}`,
    [`127.0.0.1:${String(examplePort)}`]: `127.0.0.1:${String(proxyPort)}`,
  }
  // With what lies beside it under the same name: HAProxy's script.
  const examples = new URL('../../examples/proxies/', import.meta.url)
  const stem = example.replace(/\..*/, '')
  for (const name of await readdir(examples)) {
    if (name.replace(/\..*/, '') !== stem) continue
    let text = await readFile(new URL(name, examples), 'utf8')
    for (const [port, own] of Object.entries(ports)) text = text.replaceAll(port, own)
    if (asked === undefined) text = withPatience(text)
    await writeFile(join(folder, name), text)
  }
  const configuration = join(folder, example)
  const [binary, parameters] = command(configuration, folder)
  const proxy = spawn(binary, parameters, {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: folder,
    env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  })
  const url = `http://127.0.0.1:${String(proxyPort)}`
  await answering(url, proxy)
  return {
    server,
    url,
    reached,
    call: (method, path, options = {}) => call(url, method, path, options),
    async login() {
      const authorization = `Basic ${Buffer.from('maria:maria-demo').toString('base64')}`
      const reply = await server.call('GET', '/directlink/v1/auth/login', {
        headers: { authorization },
      })
      return (reply.json() as { bearer: string }).bearer
    },
    async close() {
      const gone = new Promise((resolve) => proxy.once('exit', resolve))
      proxy.kill('SIGTERM')
      await gone
      application.closeAllConnections()
      application.close()
      await server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** With a minute in place of each of an example's times, the longest of which is a second. */
function withPatience(example: string): string {
  return example
    .replaceAll(/(?<=timeout \w* ?)1s\b/g, '60s')
    .replace('timeout_ms = 250', 'timeout_ms = 60000')
}

/** Waits until the proxy answers anything. */
async function answering(url: string, proxy: ChildProcess): Promise<void> {
  let errors = ''
  proxy.stderr?.on('data', (data: Buffer) => {
    errors += data.toString()
  })
  for (let tries = 0; tries < 2400; tries++) {
    if (proxy.exitCode !== null) throw new Error(`Cannot start the proxy: ${errors}`)
    try {
      await call(url, 'GET', '/', {})
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  throw new Error(`Cannot reach the proxy: ${errors}`)
}

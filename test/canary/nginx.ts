/** Debian's nginx with the example's configuration and the one thing that it warns of: a cache. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../src/testing/free-port.ts'

export interface Nginx {
  /** Host and port. What has `fresh` in its URL passes the cache by. */
  readonly host: string
  close(): Promise<void>
}

const WARNING = '# Never put a cache here: it would delay a logout.'

/** @param hosts Host and port of the server that is asked, and of the application. */
export async function startNginx(hosts: {
  readonly server: string
  readonly application: string
}): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'outright-canary-'))
  // Started as root, its workers run as another user, who has to reach the cache.
  await chmod(folder, 0o755)
  await mkdir(join(folder, 'logs'))
  const host = `127.0.0.1:${String(await freePort())}`
  const example = await readFile(
    new URL('../../examples/proxies/nginx.conf', import.meta.url),
    'utf8',
  )
  const configuration = example
    .replaceAll('127.0.0.1:8080', hosts.server)
    .replaceAll('127.0.0.1:9000', hosts.application)
    .replaceAll('127.0.0.1:8000', host)
    // A machine that is busy answers a check late.
    .replaceAll('timeout 1s', 'timeout 60s')
    .replace(
      'http {',
      `http {
        proxy_cache_path cache keys_zone=yes:1m;
        map $request_uri $is_fresh { default 0; ~fresh 1; }`,
    )
    .replace(
      WARNING,
      `proxy_cache yes;
      proxy_cache_key $http_authorization;
      proxy_cache_valid 200 1m;
      proxy_ignore_headers Cache-Control Expires Vary;
      proxy_cache_bypass $is_fresh;
      proxy_no_cache $is_fresh;`,
    )
  const file = join(folder, 'nginx.conf')
  await writeFile(file, configuration)
  const own = `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/logs/error.log;`
  const child = spawn('nginx', ['-p', folder, '-c', file, '-g', own], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const gone = once(child, 'exit')
  while ((await fetch(`http://${host}/`).catch(() => undefined)) === undefined) {
    if (child.exitCode !== null) throw new Error('Cannot start nginx: it has ended')
    await sleep(20)
  }
  return {
    host,
    async close() {
      child.kill('SIGTERM')
      await gone
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Debian's Apache, which lets in whom `mod_auth_openidc` has logged in. */
import { spawn, type ChildProcess } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { once } from 'node:events'
import type { Application, Place } from './application.ts'

export const paths = {
  callback: '/inside/callback',
  afterLogout: '/outside.html',
  toldAt: '/inside/callback?logout=backchannel',
} as const

const modules = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'dir', 'auth_openidc']

const configuration = ({ issuer, url, port, clientId, secret }: Place, folder: string): string => `
${modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
ServerName ${url}
Listen 127.0.0.1:${String(port)}
DefaultRuntimeDir ${folder}
PidFile ${folder}/apache.pid
ErrorLog ${folder}/error.log
LogLevel auth_openidc:debug
StartServers 1
DocumentRoot ${folder}/pages
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
OIDCClientID ${clientId}
OIDCClientSecret "${secret}"
OIDCRedirectURI ${url}${paths.callback}
OIDCCryptoPassphrase "what the cookies of the module are sealed with"
OIDCScope "openid profile"
OIDCPKCEMethod S256
OIDCRemoteUserClaim preferred_username
<Location /inside>
  AuthType openid-connect
  Require user maria
</Location>
`

export async function startApache(place: Place): Promise<Application> {
  const folder = await mkdtemp(join(tmpdir(), 'outright-apache-'))
  // Its workers run as a user of their own where the tests run as root.
  await chmod(folder, 0o755)
  await mkdir(join(folder, 'pages/inside'), { recursive: true })
  await writeFile(join(folder, 'pages/inside/index.html'), 'Hello from inside')
  await writeFile(join(folder, 'pages/outside.html'), 'Outside')
  const file = join(folder, 'apache.conf')
  await writeFile(file, configuration(place, folder))
  const apache = spawn('/usr/sbin/apache2', ['-f', file, '-DFOREGROUND'], { stdio: 'pipe' })
  await answering(`${place.url}${paths.afterLogout}`, apache, join(folder, 'error.log'))
  return {
    url: place.url,
    async close() {
      const gone = once(apache, 'exit')
      apache.kill('SIGTERM')
      await gone
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function answering(url: string, apache: ChildProcess, log: string): Promise<void> {
  let said = ''
  apache.stderr?.on('data', (data: Buffer) => {
    said += data.toString()
  })
  const deadline = performance.now() + 120_000
  while (apache.exitCode === null && performance.now() < deadline) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer?.ok === true) return
    await sleep(50)
  }
  const logged = await readFile(log, 'utf8').catch(() => '')
  throw new Error(`Cannot start Apache: ${said}${logged}`)
}

/** What the tests need from the operating system, and how to get it on Debian. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fail, say } from './packages.mjs'

/**
 * One row a package: the binaries of which any one is enough, where else to look, and why it is
 * needed. What has no binary of its own says with `works` whether it is there.
 */
export const systemPackages = [
  {
    package: 'postgresql',
    binaries: ['postgres'],
    folders: () => versionFolders('/usr/lib/postgresql'),
    why: 'the store contract and several nodes run against a real PostgreSQL',
  },
  {
    package: 'nginx',
    binaries: ['nginx'],
    folders: () => ['/usr/sbin', '/usr/local/sbin'],
    why: 'forward auth is tested behind a real proxy',
  },
  {
    package: 'caddy',
    binaries: ['caddy'],
    folders: () => [],
    why: 'forward auth is tested behind a second proxy',
  },
  {
    package: 'haproxy',
    binaries: ['haproxy'],
    folders: () => ['/usr/sbin', '/usr/local/sbin'],
    why: 'forward auth is tested behind a third proxy',
  },
  {
    package: 'apache2',
    binaries: ['apache2'],
    folders: () => ['/usr/sbin'],
    why: 'a relying party that people run before any application is logged in and out',
  },
  {
    package: 'libapache2-mod-auth-openidc',
    works: () => readFolder('/usr/lib/apache2/modules').includes('mod_auth_openidc.so'),
    why: 'that relying party is this module of Apache',
  },
  {
    package: 'openssl',
    binaries: ['openssl'],
    folders: () => [],
    why: 'guards meet certificates that are not trusted',
  },
  {
    package: 'xmlsec1',
    binaries: ['xmlsec1'],
    folders: () => [],
    why: 'signatures of SAML messages are verified by another program',
  },
  {
    package: 'libxml2-utils',
    binaries: ['xmllint'],
    folders: () => [],
    why: 'SAML messages are held against their schema',
  },
  {
    package: 'opensaml-schemas',
    works: () => readFolder('/usr/share/xml/opensaml').includes('saml-schema-protocol-2.0.xsd'),
    why: 'the schema of SAML 2.0',
  },
  {
    package: 'xmltooling-schemas',
    works: () => readFolder('/usr/share/xml/xmltooling').includes('xmldsig-core-schema.xsd'),
    why: 'the schema of signatures, which that one includes',
  },
  {
    package: 'chromium',
    binaries: ['chromium'],
    folders: () => [],
    why: 'the console and the signed-out tabs are tested in a browser',
  },
  {
    package: 'spin',
    binaries: ['spin'],
    folders: () => [],
    why: 'the model of the lease is searched in every order of events',
  },
  {
    package: 'gcc',
    binaries: ['cc'],
    folders: () => [],
    why: 'Spin turns the model into a program in C',
  },
  {
    package: 'libfaketime',
    works: hasLibraryOfFaketime,
    why: 'wall clocks of some nodes and guards are set wrong while they run',
  },
  {
    package: 'libc6-dev',
    works: hasHeadersOfC,
    why: 'that program includes the headers of C',
  },
]

/** Installs what is missing when this user may; otherwise says the one command to run, and ends. */
export function ensureSystemPackages() {
  const missing = missingSystemPackages()
  if (missing.length === 0) return
  for (const row of missing) say(`Missing ${row.package}: ${row.why}.`)
  const names = missing.map((row) => row.package)
  const prefix = privilege()
  if (!find('apt-get') || prefix === undefined) {
    const install = `apt-get install -y --no-install-recommends ${names.join(' ')}`
    fail(`Cannot install them as this user. Run: sudo sh -c "apt-get update && ${install}"`)
  }
  say(`Installing ${names.join(', ')} with apt-get. The first time takes some minutes.`)
  apt(prefix, ['update', '-q'])
  apt(prefix, ['install', '-y', '-q', '--no-install-recommends', ...names])
  const still = missingSystemPackages().map((row) => row.package)
  if (still.length > 0) fail(`Cannot find ${still.join(', ')} even after apt-get installed them.`)
}

export function missingSystemPackages() {
  return systemPackages.filter((row) =>
    row.works ? !row.works() : !row.binaries.some((name) => find(name, row.folders())),
  )
}

function hasLibraryOfFaketime() {
  return readFolder('/usr/lib').some((folder) =>
    readFolder(`/usr/lib/${folder}/faketime`).includes('libfaketimeMT.so.1'),
  )
}

function hasHeadersOfC() {
  const input = '#include <stdio.h>\n'
  return spawnSync('cc', ['-E', '-x', 'c', '-'], { input, stdio: 'pipe' }).status === 0
}

/**
 * The words before apt-get: none for root, sudo where it asks for no password, undefined where
 * neither.
 */
function privilege() {
  if (process.getuid?.() === 0) return []
  if (!find('sudo')) return undefined
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0
    ? ['sudo', '-n']
    : undefined
}

function apt(prefix, args) {
  // The tests start their own servers on their own ports: RUNLEVEL=1 asks the packages not to start theirs.
  const words = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'apt-get']
  const options = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3']
  const [command, ...rest] = [...words, ...options, ...args]
  const result = spawnSync(command, rest, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (result.error) fail(`Cannot run apt-get: ${result.error.message}`)
  if (result.status !== 0) fail(`"apt-get ${args[0]}" failed with exit code ${result.status}.`)
}

function find(name, folders = []) {
  const path = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  return [...path, ...folders].map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function versionFolders(base) {
  return readFolder(base).map((version) => join(base, version, 'bin'))
}

function readFolder(path) {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

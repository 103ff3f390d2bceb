/**
 * Completes package-lock.json after a dependency was added: `node tools/lock.mjs`.
 *
 * Tools with native parts name one optional package a platform. A registry that carries only some
 * platforms makes npm leave the others out of the lock, and `npm ci` then refuses the lock
 * everywhere. The missing entries follow from what the lock already says: the exact version, and
 * the platform in the name. They carry no hash until you run `npm install` against a registry that
 * has them.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, say } from './packages.mjs'

const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
]
const processors = [
  'arm64',
  'arm',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
]

const path = join(root, 'package-lock.json')
const lock = JSON.parse(readFileSync(path, 'utf8'))
const added = []

for (const [parentPath, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    if (isLocked(parentPath, name)) continue
    const platform = platformOf(name)
    if (!platform || !/^\d+\.\d+\.\d+[\w.-]*$/.test(version)) {
      say(`Cannot complete ${name}@${version}: its name or version does not say enough.`)
      process.exitCode = 1
      continue
    }
    const dev = parent.dev ? { dev: true } : {}
    lock.packages[`node_modules/${name}`] = { version, ...dev, optional: true, ...platform }
    added.push(name)
  }
}

if (added.length > 0) {
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')),
  )
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
}
say(`package-lock.json: ${added.length} platform packages added.`)

/** Looks where Node would: beside the parent, then in every node_modules above it. */
function isLocked(parentPath, name) {
  for (let folder = parentPath; ; folder = above(folder)) {
    if (lock.packages[`${folder ? `${folder}/` : ''}node_modules/${name}`]) return true
    if (folder === '') return false
  }
}

/** The folder that holds the node_modules of a package; that of a workspace is the root. */
function above(folder) {
  const outer = folder.replace(/\/?node_modules\/(@[^/]+\/)?[^/]+$/, '')
  return outer === folder ? '' : outer
}

/** `@oxlint/binding-linux-x64-musl` → linux, x64, musl. */
function platformOf(name) {
  const words = name.split(/[/-]/)
  const os = systems.filter((system) => words.includes(system))
  const cpu = processors.filter((processor) => words.includes(processor))
  if (os.length + cpu.length === 0) return undefined
  const libc = words.includes('musl') || words.includes('musleabihf') ? ['musl'] : ['glibc']
  const hasLibc = os.includes('linux') && words.some((word) => /^(gnu|musl)/.test(word))
  return {
    ...(cpu.length > 0 && { cpu }),
    ...(os.length > 0 && { os }),
    ...(hasLibc && { libc }),
  }
}

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Other servers: the folder, with what stands in its `package.json` installed. */
export function installPeers(): URL {
  const folder = new URL('./', import.meta.url)
  if (!existsSync(new URL('node_modules/oidc-provider', folder))) {
    execFileSync('npm', ['ci'], { cwd: fileURLToPath(folder), stdio: ['ignore', 'ignore', 2] })
  }
  return folder
}

import { readFileSync } from 'node:fs'

const packageFile = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')

/** The version of this package. */
export const version: string = (JSON.parse(packageFile) as { readonly version: string }).version

/** Files as a build left them, served compressed where the caller takes that. */
import { constants, brotliCompressSync, gzipSync } from 'node:zlib'
import type { Answer, SurfaceRequest } from './surface.ts'

/** By path, relative to the build: `index.html`, `assets/index-1a2b3c.js`. */
export type StaticFiles = ReadonlyMap<string, StaticFile>

export interface StaticFile {
  readonly type: string
  readonly plain: Buffer
  readonly gzip: Buffer
  readonly brotli: Buffer
}

/** Compressed once: a build has few files, and they change with the program alone. */
export function staticFile(path: string, plain: Buffer): StaticFile {
  const type = types.get(/\.\w+$/.exec(path)?.[0] ?? '') ?? 'application/octet-stream'
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9 }
  return {
    type,
    plain,
    gzip: gzipSync(plain, { level: 9 }),
    brotli: brotliCompressSync(plain, { params }),
  }
}

const types: ReadonlyMap<string, string> = new Map([
  ['.css', 'text/css; charset=utf-8'],
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
  ['.woff2', 'font/woff2'],
])

/** The file in the smallest form that the caller takes (RFC 9110, section 12.5.3). */
export function fileAnswer(
  { type, plain, gzip, brotli }: StaticFile,
  request: Pick<SurfaceRequest, 'header'>,
): Answer {
  const headers = { 'content-type': type, vary: 'Accept-Encoding' }
  const accepted = request.header('accept-encoding')
  if (takes(accepted, 'br')) {
    return { status: 200, headers: { ...headers, 'content-encoding': 'br' }, body: brotli }
  }
  if (takes(accepted, 'gzip')) {
    return { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: gzip }
  }
  return { status: 200, headers, body: plain }
}

/** Whether a coding is named, and not with the weight 0. */
function takes(accepted: string | undefined, coding: string): boolean {
  return (accepted ?? '')
    .slice(0, 1024)
    .split(',')
    .map((part) =>
      part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*q=/),
    )
    .some(([name, weight = '1']) => name === coding && Number(weight) > 0)
}

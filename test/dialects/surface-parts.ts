/** A dialect in the process of its test: what a failing part of the server makes of its answers. */
import assert from 'node:assert/strict'
import type { SurfaceContext } from '../../src/http/context.ts'
import type { Route, Surface, SurfaceRequest } from '../../src/http/surface.ts'
import { silentLog, systemClock, systemRandom } from '../../src/server/system.ts'
import type { TestServer } from '../harness.ts'

const publicUrl = 'http://127.0.0.1:8080'

/** What a dialect is made with, on the store of `server`. A test gives a core that it changed. */
export function contextOf(
  server: TestServer,
  core: SurfaceContext['core'] = server.core,
): SurfaceContext {
  return {
    core,
    node: server.node,
    clock: systemClock,
    random: systemRandom(),
    log: silentLog,
    issuer: publicUrl,
    prefix: '',
    rateLimitFactor: 1,
    demo: true,
  }
}

export function routeOf(dialect: Surface, path: string): Route {
  return dialect.routes.find((route) => route.path === path) ?? assert.fail(path)
}

export function requestOf(
  path: string,
  headers: Readonly<Record<string, string>>,
  body = '',
): SurfaceRequest {
  return {
    method: 'POST',
    path,
    params: {},
    query: new URLSearchParams(),
    header: (name) => headers[name],
    headerCount: (name) => (headers[name] === undefined ? 0 : 1),
    body: Buffer.from(body),
    clientAddress: '127.0.0.1',
    requestId: 'a-request',
    publicUrl,
    waitForConfirmation: true,
  }
}

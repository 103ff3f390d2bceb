/** What every relying party of these tests is: somewhere to listen, and a registration. */
import { freePort } from '../../../src/testing/free-port.ts'
import type { TestServer } from '../../harness.ts'
import { register } from '../relying-parties.ts'

/** A relying party that is running. */
export interface Application {
  /** Another site than the server's, as in the world: cookies of one are not those of the other. */
  readonly url: string
  close(): Promise<void>
}

/** What an application is started with. */
export interface Place {
  readonly issuer: string
  readonly url: string
  readonly port: number
  readonly clientId: string
  readonly secret: string
}

/**
 * Registers a client and says where its application has to listen.
 *
 * @param paths Those that its library has; `toldAt` is where it takes logout tokens.
 */
export async function placeFor(
  server: TestServer,
  clientId: string,
  paths: {
    readonly callback: string
    readonly afterLogout: string
    readonly toldAt?: string
    readonly isPublic?: true
    readonly oauth?: object
  },
): Promise<Place> {
  const port = await freePort()
  const url = `http://localhost:${String(port)}`
  const secret = `the secret of ${clientId}`
  await register(server, {
    id: clientId,
    secret: paths.isPublic === true ? undefined : secret,
    redirectUris: [url + paths.callback],
    oauth: {
      post_logout_redirect_uris: [url + paths.afterLogout],
      ...(paths.toldAt === undefined
        ? {}
        : { backchannel_logout_uri: `http://127.0.0.1:${String(port)}${paths.toldAt}` }),
      ...paths.oauth,
    },
  })
  return { issuer: server.url, url, port, clientId, secret }
}

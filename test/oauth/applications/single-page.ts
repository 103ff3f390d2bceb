/** An application of one page, whose people log in with `oidc-client-ts`. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { Application, Place } from './application.ts'
import { listenAt } from './listen.ts'

export const paths = { callback: '/callback', afterLogout: '/', isPublic: true } as const

const pageOf = ({ issuer, url, clientId }: Place): string => `<!doctype html>
<title>An application</title>
<p id="who"></p>
<button id="in">Log in</button> <button id="again">Renew</button> <button id="out">Log out</button>
<script src="/oidc-client-ts.js"></script>
<script>
const manager = new oidc.UserManager({
  authority: '${issuer}',
  client_id: '${clientId}',
  redirect_uri: '${url}${paths.callback}',
  post_logout_redirect_uri: '${url}${paths.afterLogout}',
  scope: 'openid profile',
  loadUserInfo: true,
  automaticSilentRenew: false,
})
const show = (user) => {
  document.getElementById('who').textContent = user ? 'Hello, ' + user.profile.name : 'Nobody is logged in'
  document.getElementById('who').dataset.token = user ? user.access_token : ''
}
document.getElementById('in').onclick = () => manager.signinRedirect()
document.getElementById('again').onclick = () => manager.signinSilent().then(show, (error) => {
  document.getElementById('who').textContent = error.message
})
document.getElementById('out').onclick = () => manager.signoutRedirect()
const start = async () => {
  if (location.pathname === '${paths.callback}') {
    await manager.signinCallback()
    history.replaceState({}, '', '/')
  }
  show(await manager.getUser())
}
start()
</script>
`

export async function startSinglePage(place: Place): Promise<Application> {
  const require = createRequire(import.meta.url)
  const entry = require.resolve('oidc-client-ts')
  const library = await readFile(new URL('../browser/oidc-client-ts.min.js', `file://${entry}`))
  const page = pageOf(place)
  const server = createServer(({ url: path = '' }, response) => {
    const isLibrary = path === '/oidc-client-ts.js'
    response.setHeader('content-type', isLibrary ? 'text/javascript' : 'text/html')
    response.end(isLibrary ? library : page)
  })
  return listenAt(server, place)
}

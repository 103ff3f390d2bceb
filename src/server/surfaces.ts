/**
 * Everything that answers HTTP, a line each. Configuration, places, the OpenAPI document, the demo
 * and the tables of the documentation are made from this list, whose order has no meaning. The name
 * that a dialect has here is that of its settings, `dialects.<name>`.
 */
export { adobePass } from '../http/dialects/adobe-pass/index.ts'
export { baanx } from '../http/dialects/baanx/index.ts'
export { directlink } from '../http/dialects/directlink/index.ts'
export { matar } from '../http/dialects/matar/index.ts'
export { octopus } from '../http/dialects/octopus/index.ts'

export { admin } from '../http/surfaces/admin/index.ts'
export { backchannelLogout } from '../http/surfaces/backchannel-logout/index.ts'
export { consolePages } from '../http/surfaces/console/index.ts'
export { feed } from '../http/surfaces/feed/index.ts'
export { forwardAuth } from '../http/surfaces/forward-auth/index.ts'
export { frontPage } from '../http/surfaces/front-page/index.ts'
export { health } from '../http/surfaces/health/index.ts'
export { introspection } from '../http/surfaces/introspection/index.ts'
export { issuers } from '../http/surfaces/issuers/index.ts'
export { oauth } from '../http/surfaces/oauth/index.ts'
export { operators } from '../http/surfaces/operators/index.ts'
export { playground } from '../http/surfaces/playground/index.ts'
export { sessionEvents } from '../http/surfaces/session-events/index.ts'
export { sightings } from '../http/surfaces/sightings/index.ts'
export { tokenRevocation } from '../http/surfaces/token-revocation/index.ts'

import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { OPENAPI_PATH, type OpenApiDocument } from './openapi.ts'

/** Where the readable page is. */
const PAGE_PATH = '/docs'

/**
 * What the page may do: run its own files and call this server, and nothing else. Swagger UI brings
 * its pictures as data URLs and sets styles inline; nothing on the page comes from a user.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Without the bar and, on a phone, with the words about a group below its name. */
const css = `.swagger-ui .topbar { display: none }
@media (max-width: 640px) {
  .swagger-ui .opblock-tag { flex-wrap: wrap }
  .swagger-ui .opblock-tag > a { flex: 1 1 0; min-width: 0 }
  .swagger-ui .opblock-tag > small { flex: 1 0 100%; order: 1; padding: 0 }
}`

/**
 * Serves the document at `/outright/v1/openapi.json` and as a page at `/docs`. Both are public:
 * they say what the source code says. Nothing is fetched from elsewhere.
 */
export function registerDocumentation(app: FastifyInstance, document: OpenApiDocument): void {
  let text: string | undefined
  app.get(OPENAPI_PATH, { exposeHeadRoute: true }, (_request, reply) =>
    reply
      .headers({
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'no-cache',
        'access-control-allow-origin': '*',
        'x-content-type-options': 'nosniff',
      })
      .send((text ??= JSON.stringify(document))),
  )
  // In a context of its own, so that the page's headers stay on the page.
  app.register(async (page) => {
    // The plugin declares GET alone.
    page.addHook('onRoute', (route) => {
      if (route.method !== 'GET') return
      page.route({ ...route, method: 'HEAD' })
      // Fastify serves the page itself with a slash at the end as well, and runs no hook for that.
      if (route.url === PAGE_PATH) {
        const url = `${PAGE_PATH}/`
        page.route({ ...route, url, method: 'HEAD' })
      }
    })
    await page.register(swagger, {
      mode: 'static',
      specification: { document: document as never },
    })
    page.addHook('onSend', async (_request, reply) => {
      reply.headers({
        'content-security-policy': contentSecurityPolicy,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      })
    })
    await page.register(swaggerUi, {
      routePrefix: PAGE_PATH,
      // The bar would let one explore other documents, under another project's logo.
      theme: {
        title: 'Outright API',
        css: [{ filename: 'outright.css', content: css }],
      },
      uiConfig: {
        deepLinking: true,
        docExpansion: 'none',
        // Without this the page asks a validator on the Internet.
        validatorUrl: null,
        persistAuthorization: false,
      },
    })
  })
}

import type { Json } from '../../../domain/session.ts'
import type { Route } from '../../surface.ts'
import { anything, anyText, count, fields, listOf } from '../../schema.ts'
import { findAuthentication } from './authentication.ts'
import { metadataNotFound, notAuthenticated, passRefuse } from './errors.ts'
import type { Pass } from './pass.ts'
import { documentAnswer } from './render.ts'
import { deviceRoutes } from './device-call.ts'
import { document, error } from './wire.ts'

/**
 * `GET /api/v1/tokens/usermetadata` [F]: what the provider said of the viewer; 412 without AuthN,
 * 404 where it said nothing. Nothing is encrypted: that would need the requestor's certificate.
 */
export function metadataRoutes(pass: Pass): readonly Route[] {
  return deviceRoutes(
    pass,
    {
      method: 'GET',
      path: '/api/v1/tokens/usermetadata',
      alsoHead: true,
      summary: 'Read what the provider said of the viewer',
      responses: {
        200: document(
          'Metadata',
          fields({ updated: count(), encrypted: listOf(anyText()), data: anything }),
        ),
        404: error('There is none'),
        412: error('No viewer is logged in'),
      },
      name: 'usermetadata',
    },
    async ({ deviceKey }, call) => {
      const session = (await findAuthentication(pass, deviceKey)) ?? passRefuse(notAuthenticated)
      const { metadata, metadataUpdated } = session.attributes
      const data = metadata as Readonly<Record<string, Json>>
      if (Object.keys(data).length === 0) return passRefuse(metadataNotFound)
      const updated = Number(metadataUpdated)
      const json = { updated, encrypted: [], data }
      return documentAnswer(pass.options, call.request, call.json(200, json), {
        // No page shows the XML; the elements are named as the fields.
        metadata: { updated, encrypted: '', data },
      })
    },
  )
}

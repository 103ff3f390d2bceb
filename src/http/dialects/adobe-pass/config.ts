import type { Route } from '../../surface.ts'
import { anyText, fields, flag, listOf, optional, repeatable } from '../../schema.ts'
import { readCaller } from './caller.ts'
import { withoutExtension } from './format.ts'
import type { Mvpd } from './options.ts'
import { displayNameOf, providersOf, type Pass } from './pass.ts'
import { documentAnswer } from './render.ts'
import { document, error, format, passRoute, requestorPath } from './wire.ts'

const provider = fields({
  id: anyText(),
  displayName: anyText(),
  logoUrl: anyText(),
  tempPass: flag({}),
  enablePlatformServices: optional(flag({})),
  boardingStatus: optional(anyText()),
  displayInPlatformPicker: optional(flag({})),
  platformMappingId: optional(anyText()),
  requiredMetadataFields: optional(listOf(anyText())),
})

/**
 * `GET /api/v1/config/{requestor}` [F]: the providers among which a viewer chooses. The vendor's
 * page shows no sample ("same as the config servlet"); the nesting is that servlet's, as its
 * clients read it.
 */
export function configRoute(pass: Pass): Route {
  return passRoute(
    {
      method: 'GET',
      path: '/api/v1/config/:requestor',
      alsoHead: true,
      summary: 'List the TV providers of a requestor',
      params: requestorPath,
      query: fields({
        deviceType: optional(repeatable({ description: 'Accepted and not looked at' })),
        format,
      }),
      responses: {
        200: document(
          'The providers',
          fields({
            requestor: fields({
              id: anyText(),
              name: anyText(),
              mvpds: fields({ mvpd: listOf(provider) }),
            }),
          }),
        ),
        400: error('There is no such requestor'),
      },
    },
    async (call) => {
      const requestor = await readCaller(pass, call.request, {
        requestor: () => withoutExtension(call.param('requestor')),
      })
      pass.countDevice('config', 'N/A')
      const mvpd = providersOf(pass, requestor).map(providerFields)
      const name = displayNameOf(requestor)
      const body = { requestor: { id: requestor.id, name, mvpds: { mvpd } } }
      return documentAnswer(pass.options, call.request, call.json(200, body), { config: body })
    },
  )
}

function providerFields(mvpd: Mvpd) {
  const { id, displayName, logoUrl = '', platform, temporaryPassMs } = mvpd
  return {
    id,
    displayName,
    logoUrl,
    tempPass: temporaryPassMs !== undefined,
    ...(platform === undefined
      ? {}
      : {
          enablePlatformServices: true,
          boardingStatus: platform.boardingStatus,
          displayInPlatformPicker: platform.displayInPlatformPicker,
          platformMappingId: platform.platformMappingId,
          requiredMetadataFields: [...platform.requiredMetadataFields],
        }),
  }
}

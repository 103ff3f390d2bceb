import type { DemoIdentities } from '../../surface-module.ts'

/** The one viewer of the demo's TV provider. */
export const demoViewer = { user: 'viewer', password: 'viewer-demo' } as const

export const demo: DemoIdentities = {
  clients: [
    {
      id: 'REF30',
      dialect: 'adobe-pass',
      key: 'REF30',
      name: 'REF30',
      attributes: { displayName: 'Demo programmer', mvpds: ['DemoMVPD', 'DemoTempPass'] },
    },
  ],
  shown: { who: `requestor REF30, viewer ${demoViewer.user}`, secret: demoViewer.password },
  tour: {
    says: 'A TV starts a free pass and gets a token for a stream. Logging out clears the device.',
    login: [
      {
        method: 'POST',
        path: '/api/v1/authenticate/freepreview?requestor_id=REF30&deviceId={device}&mso_id=DemoTempPass',
      },
      {
        method: 'GET',
        path: '/api/v1/authorize?requestor=REF30&deviceId={device}&resource=TestStream1&format=json',
      },
      {
        method: 'GET',
        path: '/api/v1/tokens/media?requestor=REF30&deviceId={device}&resource=TestStream1&format=json',
        takes: { token: 'serializedToken' },
        isBase64: true,
      },
    ],
    logout: { method: 'DELETE', path: '/api/v1/logout?requestor=REF30&deviceId={device}' },
  },
}

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
}

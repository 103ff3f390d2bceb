import type { DemoIdentities } from '../../surface-module.ts'

/** The demo's phone and its code, which is printed in the documentation. */
export const demoPhone = '919999900001'
export const demoCode = '12345'

export const demo: DemoIdentities = {
  subjects: [
    {
      id: '39501T',
      name: 'Sri',
      phone: demoPhone,
      attributes: { language: 'hi-IN', image_url: null, roles: { default: [] } },
    },
  ],
  clients: [{ id: 'matar', dialect: 'matar', key: 'matar', name: 'Matar app' }],
  shown: { who: `phone ${demoPhone}, name Sri`, secret: demoCode },
}

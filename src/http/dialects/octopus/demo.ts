import type { DemoIdentities } from '../../surface-module.ts'

const secret = 'octopus-demo-secret'

export const demo: DemoIdentities = {
  clients: [
    { id: '42', dialect: 'octopus', key: 'octopus-demo-key', secret, name: 'Octopus demo' },
    {
      id: '43',
      dialect: 'octopus',
      key: 'octopus-office-key',
      secret: 'octopus-office-secret',
      name: 'Octopus office',
      allowlist: ['203.0.113.0/24'],
    },
  ],
  shown: { who: 'key octopus-demo-key', secret },
}

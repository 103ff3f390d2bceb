import type { DemoIdentities } from '../../surface-module.ts'

export const demo: DemoIdentities = {
  subjects: [{ id: 'maria', name: 'Maria', username: 'maria', password: 'maria-demo' }],
  clients: [{ id: 'directlink', dialect: 'directlink', key: 'directlink', name: 'DirectLink' }],
  shown: { who: 'user maria', secret: 'maria-demo' },
}

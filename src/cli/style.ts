/** Which state has which colour, the same in every table. */
export function stateStyle(state: string): 'green' | 'red' | 'dim' | undefined {
  switch (state) {
    case 'live':
    case 'active':
    case 'signing':
    case 'delivered':
      return 'green'
    case 'revoked':
    case 'disabled':
    case 'removed':
    case 'dead':
      return 'red'
    case 'expired':
    case 'retired':
      return 'dim'
    default:
      return undefined
  }
}

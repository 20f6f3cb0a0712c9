/** The version of the package, from the one place that holds it. */
export const version: string = (require('../../package.json') as { version: string }).version

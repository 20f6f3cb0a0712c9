/** What work costs this process, in milliseconds of processor time: on a machine with other work the clock tells more. */
export function processorTime(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** The processor time of this process that some work takes: unlike the clock's, it does not count what others of the machine do meanwhile. */
export async function cpuSeconds(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

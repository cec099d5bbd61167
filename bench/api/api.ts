export async function benchApi(_args: string[]): Promise<void> {}

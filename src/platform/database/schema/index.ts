export * from './direct-uploads';
export * from './identity';
export * from './journal';
export * from './lifecycle';
export * from './products';
export * from './work';

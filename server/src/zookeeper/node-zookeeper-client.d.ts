// The package ships no types. These name the shapes that package-connection.ts and jute.ts describe; nothing that is
// exported from this folder refers to them, because declaration files like this one are not part of the build.

declare module 'node-zookeeper-client/lib/ConnectionManager.js' {
  const ConnectionManager: import('./package-connection.js').ConnectionManagerConstructor
  export default ConnectionManager
}

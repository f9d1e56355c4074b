using Daso.CommandLine;
using Daso.GateSuite;

return await DasoApp.RunAsync(args, SuiteRegistry.Experiments);

using System.Globalization;
using BenchmarkDotNet.Running;
using Daso.Benchmarks;

switch (args)
{
    case ["records", "wide"]:
        RecordsMeasurement.Run(RecordsShape.Wide);
        break;
    case ["records", "wide", string folder]:
        Console.WriteLine(RecordsMeasurement.Write(RecordsShape.Wide, folder));
        break;
    case ["records", .. string[] rest]:
        RecordsMeasurement.Run(RecordsShape.Long(rest is [string count] ? int.Parse(count, CultureInfo.InvariantCulture) : 1_000_000));
        break;
    case ["images", string images, .. string[] threads]:
        ImageMeasurement.Run(images, threads is [string number] ? int.Parse(number, CultureInfo.InvariantCulture) : 1);
        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        break;
}
